-- Take records of the table into the life that a rebuild fills, beside live records. What the ranking
-- knows already is put in place once more, so that it comes out right whatever it had lost.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV the board's order, topSize, fresh change id, the life, the records as take.lua (which stands before this script)
--      has them
-- Returns how many were taken; the order that the ranking is kept in, if that is another; nothing at all if the life is over.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
local known = redis.call('HMGET', state, 'life', 'held', 'order')
if known[1] ~= ARGV[4] or is_lost(order, users, known[2]) then
  return {}
end
if known[3] and known[3] ~= ARGV[1] then
  return known[3]
end
local taken, moved = take(order, users, ARGV[5], tonumber(ARGV[2]), true)
hold(order, users, state, known[2])
if moved then
  redis.call('HSET', state, 'change', ARGV[3])
end
redis.call('HSET', state, 'filledAt', redis.call('TIME')[1])
return {taken}
