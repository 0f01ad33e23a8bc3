-- Shared: a user's member of the sorted set `members`.
--
-- Members of equal score sort byte by byte. So a member begins with the six bytes of time, then the
-- packed user id. Behind a zero byte follows the name, if the user picked one. Ids have no zero byte
-- (except the digits of UUIDs, which are of one length), so time and id alone decide the order.
--
-- Needs nothing.
-- Gives member_of(id, value): the member, from the packed user id and the user's value in the hash
-- `users` (seven bytes of version, six of time, the name; of a removed user the version alone).
local sub = string.sub
local function member_of(id, value)
  if #value == 13 then
    return sub(value, 8, 13) .. id
  end
  return sub(value, 8, 13) .. id .. '\0' .. sub(value, 14)
end
