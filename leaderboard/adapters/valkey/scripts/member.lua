-- A user's member of the set `order`, from the packed user id and the value in the hash `users`: the
-- six bytes of time, the id and, where a name was picked, a zero byte and the name. Ids have no zero
-- byte (but for the digits of UUIDs, which are of one length): so members sort by time and id alone.
local sub = string.sub
local function member_of(id, value)
  if #value == 13 then
    return sub(value, 8, 13) .. id
  end
  return sub(value, 8, 13) .. id .. '\0' .. sub(value, 14)
end
