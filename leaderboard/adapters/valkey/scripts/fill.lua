-- Apply states from the table to the life that a rebuild fills, beside live ones.
--
-- What the ranking knows already at the same version is put in place again, so that the ranking
-- comes out right whatever it had lost. `filledAt` tells others that the rebuild is alive.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; top size; fresh change id; the life; the states (apply_states.lua)
-- Returns a list of how many states were newer. Or the order that the ranking is kept in, if that is
-- another. Or an empty list, if the life is over.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local known = redis.call('HMGET', state, 'life', 'held', 'order')
if known[1] ~= ARGV[4] or is_lost(members, users, known[2]) then
  return {}
end
if known[3] and known[3] ~= ARGV[1] then
  return known[3]
end
local newer, moved = apply_states(members, users, ARGV[5], tonumber(ARGV[2]), true)
remember_held(members, users, state, known[2])
if moved then
  redis.call('HSET', state, 'change', ARGV[3])
end
redis.call('HSET', state, 'filledAt', redis.call('TIME')[1])
return {newer}
