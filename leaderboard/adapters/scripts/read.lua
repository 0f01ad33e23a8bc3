-- Read the top of one board-season's ranking.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV how many of the top; 1 to read them even if nothing is left to record, else 0
-- Returns what read_top of top.lua (which stands before this script) returns; nothing at all if the
-- ranking has lost a key.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
if is_lost(order, users, redis.call('HGET', state, 'held')) then
  return {}
end
return read_top(order, state, tonumber(ARGV[1]), ARGV[2] == '1')
