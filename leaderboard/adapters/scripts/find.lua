-- Find users on a ranking.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV user ids (packed)
-- Returns the ranking's size, and of each user that it has, in no order: a flat list of position
-- from 0 and how many stand better, and another of member, signed score and name; nothing at all if
-- the ranking is not whole.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
if not is_whole(state) then
  return {}
end
local ranks, flat = {}, {}
for i, value in ipairs(#ARGV > 0 and redis.call('HMGET', users, unpack(ARGV)) or {}) do
  local member = value and #value > 7 and string.sub(value, 8, 13) .. ARGV[i]
  local known = member and redis.call('ZRANK', order, member, 'WITHSCORE')
  if known then
    ranks[#ranks + 1] = known[1]
    ranks[#ranks + 1] = redis.call('ZCOUNT', order, '-inf', '(' .. known[2])
    flat[#flat + 1] = member
    flat[#flat + 1] = known[2]
    flat[#flat + 1] = string.sub(value, 14)
  end
end
return {redis.call('ZCARD', order), ranks, flat}
