-- Find users on a ranking.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV user ids (packed)
-- Returns the ranking's size and a flat list of position from 0, how many stand better, member,
-- signed score and name, in no order; nothing at all if the ranking is not whole.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
if not is_whole(state) then
  return {}
end
local flat = {}
for i, value in ipairs(#ARGV > 0 and redis.call('HMGET', users, unpack(ARGV)) or {}) do
  local member = value and #value > 7 and string.sub(value, 8, 13) .. ARGV[i]
  local known = member and redis.call('ZRANK', order, member, 'WITHSCORE')
  if known then
    flat[#flat + 1] = known[1]
    flat[#flat + 1] = redis.call('ZCOUNT', order, '-inf', '(' .. known[2])
    flat[#flat + 1] = member
    flat[#flat + 1] = known[2]
    flat[#flat + 1] = string.sub(value, 14)
  end
end
return {redis.call('ZCARD', order), flat}
