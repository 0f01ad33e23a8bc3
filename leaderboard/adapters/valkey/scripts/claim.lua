-- Claim the rebuild of all that is cold for a run, or ask the run that has it for another round. Only
-- one rebuild reads the table at a time, and a run that died loses its claim by its silence.
--
-- KEYS claim (hash)
-- ARGV the run; seconds that a run may be silent; 1: ask for another round if refused
-- Returns 1 if the claim is this run's.
local held = redis.call('HMGET', KEYS[1], 'run', 'heldAt')
local now = tonumber(redis.call('TIME')[1])
if held[1] and held[1] ~= ARGV[1] and now - tonumber(held[2]) <= tonumber(ARGV[2]) then
  if ARGV[3] == '1' then
    redis.call('HSET', KEYS[1], 'wanted', '1')
  end
  return 0
end
if held[1] ~= ARGV[1] then
  redis.call('HDEL', KEYS[1], 'wanted') -- it will see whatever is cold by now
end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'heldAt', now)
return 1
