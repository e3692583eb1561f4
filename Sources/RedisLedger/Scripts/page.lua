-- One account's page: its windows, its plan's limits, and what the clock says. The twin of Accounting/LedgerPage.swift and Charges.swift.
--
-- KEYS     the key of the holds, then the key of each window. All of one account, so of one slot.
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME, read once.
-- ARGV[2]  packed, little-endian:
--            1 byte number of windows, 1 byte number of limits, 2 bytes number of questions
--            per window:   4 bytes length in ms, 2 bytes cells
--            per limit:    1 byte index of its window (from 1), 1 byte meter (0 executions, 1 execution time), double amount
--            per question: 1 byte what (0 admit, 1 admit with an id made for this ask, 2 settle, 3 peek),
--                          double duration asked or used in ms, double the least that must be left in ms
-- ARGV[3]  empty (the name of a field, see holds.lua); ARGV[4] and on: the execution id of each question, empty for a peek.
-- Returns one packed string; per question, in order:
--            1 byte verdict (0 held, 1 admitted, 2 denied, 3 settled, 4 not held, 5 peeked), 3 doubles that depend on it,
--            per window: double executions, double ms, double ms until the oldest cell leaves (-1: nothing counts)
-- All questions of a call are answered as if each had come alone, in order; they share one now. Everything that
-- can fail on a damaged key is read before anything is written.

local args = ARGV[2]
local window_count, limit_count, question_count, position = struct.unpack('<BBI2', args)
local shapes = args:sub(position, position + 6 * window_count - 1)

local clock
if ARGV[1] == '' then
  local time = redis.call('TIME')
  clock = time[1] * 1000 + math.floor(time[2] / 1000)
else
  clock = tonumber(ARGV[1])
end

local now, stay, windows = clock, 0, {}
for i = 1, window_count do
  local length, cells
  length, cells, position = struct.unpack('<I4I2', args, position)
  local w = window_load(KEYS[i + 1], length, cells)
  windows[i] = w
  if w.clock > now then now = w.clock end
  stay = math.max(stay, length + math.ceil(length / cells))
end
for i = 1, window_count do window_advance(windows[i], now) end

-- Index of window, meter and amount of each limit, flat; last, where the questions start.
local limits = { struct.unpack(limit_count == 2 and '<BBdBBd' or '<' .. ('BBd'):rep(limit_count), args, position) }
position = limits[3 * limit_count + 1]
