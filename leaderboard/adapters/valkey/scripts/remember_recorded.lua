-- Remember what was recorded: the hint unless a newer one is known, and the change as recorded only
-- while it is still the current one. Two functions that record one after the other may come here in
-- the other order: an older hint would make the next record be refused first, and leave its total for
-- later. A life that started from nothing counts as complete once a record of its own was accepted.
--
-- KEYS state (hash)
-- ARGV life; change; hint; total; revision
-- Returns 0 if the life is over, else 1.
local state = KEYS[1]
local known = redis.call('HMGET', state, 'life', 'complete', 'change', 'revision')
if known[1] ~= ARGV[1] then
  return 0
end
if tonumber(known[4] or 0) <= tonumber(ARGV[5]) then
  local time = redis.call('TIME')
  redis.call('HSET', state, 'hint', ARGV[3], 'total', ARGV[4], 'revision', ARGV[5],
    'recordedAt', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
end
if known[2] == 'new' then
  redis.call('HSET', state, 'complete', '1')
end
if known[3] == ARGV[2] then
  redis.call('HSET', state, 'recorded', ARGV[2])
end
return 1
