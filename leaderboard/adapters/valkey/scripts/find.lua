-- Find the entries of some users, who may stand anywhere on a ranking.
--
-- HMGET gives what is known of all of them, so that their members can be made, and ZMSCORE gives
-- their scores. Their ranks take one ZRANK each. How many are better takes one ZCOUNT for each score
-- and not for each user, since users of equal score share it.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; user ids (packed)
-- Returns a list: the ranking's size; and of the users that are ranked, in no order: members
-- (member.lua), signed scores, positions from 0, and how many are better. Or what refusal of
-- listing.lua returns.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local answer = refusal(members, users, state, ARGV[1])
if answer then
  return answer
end
local call = redis.call
local size = call('ZCARD', members)
local wanted = {}
for i, value in ipairs(#ARGV > 1 and call('HMGET', users, unpack(ARGV, 2)) or {}) do
  if value and #value > 7 then
    wanted[#wanted + 1] = member_of(ARGV[i + 1], value)
  end
end
if #wanted == 0 then
  return {size, {}, {}, {}, {}}
end
local found, scores, ranks, better, counted = {}, {}, {}, {}, {}
local count = 0
for i, score in ipairs(call('ZMSCORE', members, unpack(wanted))) do
  if score then -- else the sorted set has lost somebody whom the users have
    local before = counted[score]
    if not before then
      before = call('ZCOUNT', members, '-inf', '(' .. score)
      counted[score] = before
    end
    count = count + 1
    found[count], scores[count] = wanted[i], score
    ranks[count], better[count] = call('ZRANK', members, wanted[i]), before
  end
end
return {size, found, scores, ranks, better}
