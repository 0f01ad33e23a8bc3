-- List entries from the beginning, or from the first one behind a position in the order.
--
-- A page goes on behind a position (score, time and user id) and not behind a count, so that pages
-- stay right while scores move. Somebody may stand at the position: then ZRANK tells where that is.
-- If nobody does any more, the first entry behind it is searched: ZCOUNT gives the stretch of equal
-- scores, and a binary search in that stretch compares members byte by byte, as the set does.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; how many; '' and '' to begin, or the signed score of the position, and its
--      time and user id (packed) as a member begins with them
-- Returns what listing of listing.lua returns, or what refusal does.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local limit, score, position = tonumber(ARGV[2]), ARGV[3], ARGV[4]

-- Byte for byte, as the set compares: Lua's own comparison is that of the server's locale.
local function is_behind(one, other)
  for i = 1, math.min(#one, #other) do
    local left, right = string.byte(one, i), string.byte(other, i)
    if left ~= right then
      return left > right
    end
  end
  return #one > #other
end

local function first_behind()
  local id = string.sub(position, 7)
  local value = redis.call('HGET', users, id)
  local known = value and string.sub(value, 8, 13) == string.sub(position, 1, 6)
    and redis.call('ZRANK', members, member_of(id, value), 'WITHSCORE')
  if known and tonumber(known[2]) == tonumber(score) then
    return known[1] + 1
  end
  -- Nobody stands there: search those of equal score, from the better ones to the worse ones.
  local low = redis.call('ZCOUNT', members, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', members, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_behind(redis.call('ZRANGE', members, middle, middle)[1], position) then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

local answer = refusal(members, users, state, ARGV[1])
if answer then
  return answer
end
local first = score == '' and 0 or first_behind()
return listing(members, first, first + limit - 1)
