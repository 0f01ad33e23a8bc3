-- Apply the states of scores to one board-season's ranking, and say whether there is a top to record.
--
-- A ranking has a life: from its first state until the cache loses it or it is dropped. If a key of
-- it is lost, the rest goes as well, so that nobody reads half a ranking. Without a life the caller
-- may start one; it alone knows, from the table, whether the life starts complete or must be filled.
-- Each change of the top gets a fresh change id. The top is to be recorded while that id differs from
-- the recorded one: a number could come again in another life, or after a failover.
--
-- A ranking is kept in the order in which its life began. With another order nothing is applied, and
-- the caller calls again with the right one. Only a new life that holds nobody gives way to the order
-- asked for.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; top size; fresh change id; the life to start ('': none may be started); its
--      completeness; seconds a rebuild may be silent; the states (apply_states.lua); the ms after
--      the last record at which a total that changed is to be recorded
-- Returns a list: 1 if a rebuild is due (it is then claimed for the caller), else 0; how many states
-- were newer; what read_top of top.lua returns. Or the order that the ranking is kept in, if that is
-- another. Or an empty list, if there is no life.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local asked, size, fresh = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local starting, completeness, patience = ARGV[4], ARGV[5], tonumber(ARGV[6])

local known = redis.call(
  'HMGET', state, 'life', 'complete', 'filledAt', 'held', 'change', 'recorded', 'recordedAt', 'total',
  'order')
local life, complete, filled_at, held = known[1], known[2], known[3], known[4]
local change, recorded, recorded_at, total, kept_in = known[5], known[6], known[7], known[8], known[9]
if life and is_lost(members, users, held) then
  redis.call('UNLINK', state)
  life, held, recorded_at = false, false, false
end
if life and kept_in and kept_in ~= asked then
  if complete ~= 'new' or redis.call('EXISTS', members) == 1 then
    return kept_in
  end
  redis.call('UNLINK', state) -- nobody is in it: the rules of today begin another
  life, held, recorded_at = false, false, false
end
if not life then
  if starting == '' then
    return {}
  end
  redis.call('UNLINK', members, users) -- what is left of a life that was lost
end
local newer, moved = apply_states(members, users, ARGV[7], size, false)
if not life then
  complete, filled_at = completeness, false
  redis.call('HSET', state, 'life', starting, 'complete', complete, 'change', '', 'recorded', '',
    'order', asked)
end
remember_held(members, users, state, held)
local time = redis.call('TIME')
local now = tonumber(time[1])

-- Below the top everybody may come and go without a record. So the total gets one of its own, where
-- nothing else is left to record and the last record is old enough.
local function is_total_due()
  return recorded_at and change == recorded
    and now * 1000 + math.floor(time[2] / 1000) - recorded_at >= tonumber(ARGV[8])
    and redis.call('ZCARD', members) ~= tonumber(total or -1)
end
if moved or is_total_due() then
  redis.call('HSET', state, 'change', fresh)
end

local due = 0
if complete == '0' and (not filled_at or now - tonumber(filled_at) > patience) then
  redis.call('HSET', state, 'filledAt', now)
  due = 1
end
return {due, newer, read_top(members, state, size, false)}
