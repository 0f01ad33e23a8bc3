-- Read at which version some users are known, and their ranks, for the lines of their histories.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; user ids (packed), at least one
-- Returns a flat list: of each user the version (seven bytes; '' of one who is not known) and the
-- position from 0 (-1 of one who is not on the board). Or what refusal of listing.lua returns.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local answer = refusal(members, users, state, ARGV[1])
if answer then
  return answer
end
local call, sub = redis.call, string.sub
local found = {}
for i, value in ipairs(call('HMGET', users, unpack(ARGV, 2))) do
  local rank = value and #value > 7 and call('ZRANK', members, member_of(ARGV[i + 1], value))
  found[2 * i - 1] = value and sub(value, 1, 7) or ''
  found[2 * i] = rank or -1
end
return found
