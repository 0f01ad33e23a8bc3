-- Read the top of one board-season's ranking, as recording needs it.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; how many of the top; 1 to read them even if nothing is left to record
-- Returns what read_top of top.lua returns. Or the order that the ranking is kept in, if that is
-- another. Or an empty list, if it has lost a key.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local known = redis.call('HMGET', state, 'held', 'order')
if is_lost(members, users, known[1]) then
  return {}
end
if known[2] and known[2] ~= ARGV[1] then
  return known[2]
end
return read_top(members, state, tonumber(ARGV[2]), ARGV[3] == '1')
