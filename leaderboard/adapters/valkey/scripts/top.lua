-- Shared: reads the top of one board-season's ranking, with all that recording it needs.
--
-- Needs nothing.
-- Gives read_top(members, state, size, always), which returns a list: life, complete, change,
-- recorded, hint, milliseconds since the last record (-1: there was none), the ranking's size, the
-- entries (a flat list of member and signed score), and the size that was recorded ('': not known).
-- The entries are left out if nothing is left to record, unless `always`. The list is empty if there
-- is no life.
local function read_top(members, state, size, always)
  local known = redis.call(
    'HMGET', state, 'life', 'complete', 'change', 'recorded', 'hint', 'recordedAt', 'total')
  if not known[1] then
    return {}
  end
  local age = -1
  if known[6] then
    local time = redis.call('TIME')
    age = math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(known[6]))
  end
  local top = {}
  if always or known[3] ~= known[4] then
    top = redis.call('ZRANGE', members, 0, size - 1, 'WITHSCORES')
  end
  return {known[1], known[2], known[3], known[4], known[5] or '', age,
    redis.call('ZCARD', members), top, known[7] or ''}
end
