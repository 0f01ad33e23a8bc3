-- Give back the claim of a run, unless somebody asked for another round.
--
-- KEYS claim (hash)
-- ARGV the run; 1: keep the claim if another round was asked for, 0: give it back anyway
-- Returns 1 if the run keeps it for another round.
local known = redis.call('HMGET', KEYS[1], 'run', 'wanted')
if known[1] ~= ARGV[1] then
  return 0
end
if known[2] and ARGV[2] == '1' then
  redis.call('HDEL', KEYS[1], 'wanted')
  redis.call('HSET', KEYS[1], 'heldAt', redis.call('TIME')[1])
  return 1
end
redis.call('DEL', KEYS[1])
return 0
