-- Set whether a life is complete, if it is still this one and in the completeness expected. A fresh
-- change id makes its top one that is to be recorded.
--
-- KEYS state (hash)
-- ARGV life; completeness expected ('' for any); completeness to set; fresh change id ('' to keep)
-- Returns 1 if it is set.
local state = KEYS[1]
local known = redis.call('HMGET', state, 'life', 'complete')
if known[1] ~= ARGV[1] or (ARGV[2] ~= '' and known[2] ~= ARGV[2]) then
  return 0
end
redis.call('HSET', state, 'complete', ARGV[3])
if ARGV[4] ~= '' then
  redis.call('HSET', state, 'change', ARGV[4])
end
return 1
