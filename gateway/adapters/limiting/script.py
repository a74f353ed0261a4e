"""The script by which the shared server decides about limits: several at once, all or nothing, by its own clock.

A counter is one hash, whatever its kind of window, so that no two counters have to be on one node of a Cluster
unless they are asked about in one call. A call says for each counter how many units are needed and how many are
wanted; each of them grants, or none. Units that were taken and not used go back in the same call.

A server that has lost its memory makes a new hash, with a new generation. Who comes with an older one says what
it last knew to be used, and what of that is not known yet is added: no unit is forgotten that anyone was told of,
and none counts twice. Who knew most may come late, so that what was restored is kept beside what was used since.
"""

from typing import Final

SCRIPT: Final = """
-- KEYS: the counters. ARGV: one text for each, in words:
--   kind, quota, window (ms), most, ends (the calendar's next three, Unix ms, or 0),
--   need, want, back, owed, stamp, known, before, generation
-- Returns one text, which a client reads in a third of the time that as many numbers take: its time (ms), then for
-- each granted, free, ms until all (or, if it refused, what was needed) is free, and what to say next time: stamp,
-- known, before, generation.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local born = time[1] .. '-' .. time[2]

local function num(held) return held and tonumber(held) or 0 end

local function open(c, ...)
  local held = redis.call('HMGET', c.key, 'g', ...)
  c.lost = c.generation ~= held[1]
  c.generation = held[1] or born
  local each = {}
  for i = 2, #held do each[i - 1] = num(held[i]) end
  return unpack(each)
end

local function save(c, until_ms, ...)
  redis.call('HSET', c.key, 'g', c.generation, ...)
  redis.call('PEXPIREAT', c.key, until_ms + 1000)
end

-- What somebody knew, above what was restored of it already.
local function restored(known, base) return math.max(0, known - base) end

local look, close = {}, {}

-- Fixed windows and those of calendars: e (end), u (used), b (restored).
function look.fixed(c)
  local ends, used, base = open(c, 'e', 'u', 'b')
  if ends <= now or ends > c.last then
    ends, used, base = c.first, 0, 0
    if c.lost and c.stamp > now and c.stamp <= c.last then ends = c.stamp end
  end
  if c.lost and c.stamp > now then
    used = used + restored(c.known, base)
    base = math.max(base, c.known)
  end
  if c.lost and c.stamp > now or c.stamp == ends then used = math.max(0, used - c.back) end
  c.ends, c.used, c.base = ends, used + c.owed, base
  return c.quota - c.used
end

function close.fixed(c, fits)
  c.stamp, c.known = c.ends, c.used + c.grant
  save(c, c.ends, 'e', c.ends, 'u', c.known, 'b', c.base)
  return c.ends - now
end

-- A window and the one before it: e, u (used in it), p (in the one before), b and q (restored of these).
function look.sliding(c)
  local ends, used, prior, base, beneath = open(c, 'e', 'u', 'p', 'b', 'q')
  if ends + c.window <= now or ends > now + c.window then
    ends, used, prior, base, beneath = now + c.window, 0, 0, 0, 0
    if c.lost and c.stamp > now and c.stamp <= ends then ends = c.stamp
    elseif c.lost and c.stamp <= now and c.stamp + c.window > now then ends = c.stamp + c.window end
  elseif ends <= now then
    ends, used, prior, base, beneath = ends + c.window, 0, used, 0, base
  end
  local same = c.lost and c.stamp > now or c.stamp == ends
  if c.stamp <= now then
    c.known, c.before = 0, c.stamp + c.window > now and c.known or 0
  end
  if c.lost then
    used, base = used + restored(c.known, base), math.max(base, c.known)
    prior, beneath = prior + restored(c.before, beneath), math.max(beneath, c.before)
  end
  if same then used = math.max(0, used - c.back) end
  c.ends, c.used, c.prior, c.base, c.beneath = ends, used + c.owed, prior, base, beneath
  return c.quota - c.used - math.ceil(prior * (ends - now) / c.window)
end

function close.sliding(c, fits)
  local left, used = c.ends - now, c.used + c.grant
  save(c, c.ends + c.window, 'e', c.ends, 'u', used, 'p', c.prior, 'b', c.base, 'q', c.beneath)
  c.stamp, c.known, c.before = c.ends, used, c.prior
  if fits or c.need > c.quota then return left + (used > 0 and c.window or 0) end
  local room = c.quota - used - c.need
  if room >= 0 and c.prior > 0 then return left - math.floor(room * c.window / c.prior) end
  return left + c.window - math.floor((c.quota - c.need) * c.window / math.max(1, used))
end

-- Every call: h (oldest, ms), t (newest), u (used), b (restored) until a; for each ms c<ms> (units), n<ms> (next).
function look.log(c)
  local head, tail, used, base, base_at = open(c, 'h', 't', 'u', 'b', 'a')
  local gone, steps = now - c.window, 0
  while head > 0 and head <= gone and steps < 1000 do
    local entry = redis.call('HMGET', c.key, 'c' .. head, 'n' .. head)
    redis.call('HDEL', c.key, 'c' .. head, 'n' .. head)
    used, steps = used - num(entry[1]), steps + 1
    if head == tail then head, tail = 0, 0 else head = num(entry[2]) end
  end
  if base_at <= gone then base = 0 end
  c.head, c.tail, c.used, c.base, c.base_at = head, tail, used, base, base_at
  if c.lost and c.stamp > gone then
    local units = restored(c.known, base)
    if units > 0 then c.base, c.base_at = math.max(base, c.known), now end
    close.entry(c, units - math.min(units, c.back))
  elseif c.stamp > gone and c.back > 0 then
    local there = math.min(c.back, num(redis.call('HGET', c.key, 'c' .. c.stamp)))
    if there > 0 then redis.call('HINCRBY', c.key, 'c' .. c.stamp, -there) end
    c.used = c.used - there
  end
  close.entry(c, c.owed)
  return c.quota - c.used
end

function close.entry(c, units)
  if units <= 0 then return end
  c.used = c.used + units
  if c.head == 0 then c.head = now
  elseif c.tail ~= now then redis.call('HSET', c.key, 'n' .. c.tail, now) end
  c.tail = now
  redis.call('HINCRBY', c.key, 'c' .. now, units)
end

function close.log(c, fits)
  close.entry(c, c.grant)
  save(c, now + c.window, 'h', c.head, 't', c.tail, 'u', c.used, 'b', c.base, 'a', c.base_at)
  c.stamp, c.known = now, c.used
  if c.tail == 0 then return 0 end
  local at = c.tail
  if not fits and c.need <= c.quota then
    local missing = c.used + c.need - c.quota
    at = c.head
    while true do
      local entry = redis.call('HMGET', c.key, 'c' .. at, 'n' .. at)
      missing = missing - num(entry[1])
      if missing <= 0 or at == c.tail then break end
      at = num(entry[2])
    end
  end
  return at + c.window - now
end

-- The generic cell rate algorithm: l (level, units times ms) at a, b (restored of it) at d.
function look.gcra(c)
  local level, at, base, base_at = open(c, 'l', 'a', 'b', 'd')
  local function now_of(held, since) return math.max(0, held - c.quota * math.max(0, now - since)) end
  level, base = now_of(level, at), now_of(base, base_at)
  if c.lost then
    local known = now_of(c.known, c.stamp)
    level, base = level + restored(known, base), math.max(base, known)
  end
  level = math.max(0, level - c.back * c.window) + c.owed * c.window
  c.level, c.base = level, base
  return math.floor((c.most * c.window - level) / c.window)
end

function close.gcra(c, fits)
  local level = c.level + c.grant * c.window
  save(c, now + math.ceil(level / c.quota), 'l', level, 'a', now, 'b', c.base, 'd', now)
  c.stamp, c.known = now, level
  if fits or c.need > c.most then return math.ceil(level / c.quota) end
  return math.ceil((level + (c.need - c.most) * c.window) / c.quota)
end

local counters, all = {}, true
for i, text in ipairs(ARGV) do
  local word = {}
  for each in string.gmatch(text, '%S+') do word[#word + 1] = tonumber(each) or each end
  local c = {
    key = KEYS[i], kind = word[1], quota = word[2], window = word[3], most = word[4], need = word[8],
    want = word[9], back = word[10], owed = word[11], stamp = word[12], known = word[13], before = word[14],
    generation = word[15], grant = 0, first = now + word[3], last = now + word[3],
  }
  if c.kind == 'calendar' then
    c.kind, c.last = 'fixed', word[7]
    c.first = word[5] > now and word[5] or word[6] > now and word[6] or word[7]
  end
  c.free = look[c.kind](c)
  c.fits = c.free >= c.need
  all = all and c.fits
  counters[i] = c
end
local answer = {string.format('%.0f', now)}
for _, c in ipairs(counters) do
  if all then c.grant = math.min(c.want, c.free) end
  local reset, free = close[c.kind](c, c.fits), math.max(0, c.free - c.grant)
  answer[#answer + 1] = string.format(
    '%.0f %.0f %.0f %.0f %.0f %.0f %s', c.grant, free, reset, c.stamp, c.known, c.before, c.generation)
end
return {table.concat(answer, ' ')}
"""
