-- Read a user's entry and those beside it.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; user id (packed); how many on each side
-- Returns what listing of listing.lua returns, without entries if the user is not ranked; or what
-- refusal of listing.lua returns.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local id, reach = ARGV[2], tonumber(ARGV[3])
local answer = refusal(members, users, state, ARGV[1])
if answer then
  return answer
end
local value = redis.call('HGET', users, id)
local rank = value and #value > 7
  and redis.call('ZRANK', members, member_of(id, value))
if not rank then
  return {redis.call('ZCARD', members), 0, 0, {}}
end
return listing(members, math.max(0, rank - reach), rank + reach)
