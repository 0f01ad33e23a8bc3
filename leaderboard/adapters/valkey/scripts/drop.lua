-- Forget all of a board-season: its ranking and its copy. A partial ranking may have taken what is
-- recorded nowhere yet, so some callers leave it.
--
-- KEYS members (sorted set), users (hash), state (hash), kept top (string)
-- ARGV 1: drop a partial ranking as well, 0: leave it; the life ('' for any)
-- Returns 1 if there is nothing left of it.
local known = redis.call('HMGET', KEYS[3], 'complete', 'life')
if (ARGV[1] == '0' and known[1] == '0') or (ARGV[2] ~= '' and known[2] ~= ARGV[2]) then
  return 0
end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return 1
