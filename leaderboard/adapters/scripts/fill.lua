-- Take records of the table into the life that a rebuild fills, beside live records. What the ranking
-- knows already is put in place once more, so that it comes out right whatever it had lost.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV topSize, fresh change id, the life, the records as take.lua (which stands before this script)
--      has them
-- Returns how many were taken; nothing at all if the life is over.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
local known = redis.call('HMGET', state, 'life', 'held')
if known[1] ~= ARGV[3] or is_lost(order, users, known[2]) then
  return {}
end
local taken, moved = take(order, users, ARGV[4], tonumber(ARGV[1]), true)
hold(order, users, state, known[2])
if moved then
  redis.call('HSET', state, 'change', ARGV[2])
end
redis.call('HSET', state, 'filledAt', redis.call('TIME')[1])
return {taken}
