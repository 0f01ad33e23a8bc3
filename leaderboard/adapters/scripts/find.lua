-- Find users on a ranking.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV user ids (packed)
-- Returns the ranking's size, and of the users that it has, in no order: their members (as member.lua
-- makes them), signed scores, positions from 0, and how many stand better; nothing at all if the
-- ranking is not whole.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
if not is_whole(order, users, state) then
  return {}
end
local call = redis.call
local size = call('ZCARD', order)
local wanted = {}
for i, value in ipairs(#ARGV > 0 and call('HMGET', users, unpack(ARGV)) or {}) do
  if value and #value > 7 then
    wanted[#wanted + 1] = member_of(ARGV[i], value)
  end
end
if #wanted == 0 then
  return {size, {}, {}, {}, {}}
end
local members, scores, ranks, better, counted = {}, {}, {}, {}, {}
local count = 0
for i, score in ipairs(call('ZMSCORE', order, unpack(wanted))) do
  if score then -- else the order has lost somebody whom the users have
    local before = counted[score]
    if not before then
      before = call('ZCOUNT', order, '-inf', '(' .. score)
      counted[score] = before
    end
    count = count + 1
    members[count], scores[count] = wanted[i], score
    ranks[count], better[count] = call('ZRANK', order, wanted[i]), before
  end
end
return {size, members, scores, ranks, better}
