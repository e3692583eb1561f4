-- Usual path: settles a hold that was charged to this window alone and can wait to be deleted with
-- others. Equals settle, window_correct, log_row and the ids that account_store keeps.

if not held or #held < 24 or #held > HOLD_BYTES_MAX or string.sub(held, 19, 24) ~= shape
  or #held > 24 and string.byte(held, 28) ~= 255 or #own + #ARGV[id] > OWN_BYTES_MAX - 1 then break end
local admitted, granted, expires = unpack_struct('<I6I6I6', held)
-- Its cell is the newest or the oldest (window_correct).
local number, old, before, after = admitted * cells / length, old_latest * cells / length, nil, nil
number = number - number % 1
local is_newest = number == new
if expires <= clock or granted > DURATION_MS_MAX or admitted > LATEST_CLOCK
  or not is_newest and (is_alone or number ~= old - old % 1) then break end
before = is_newest and new_ms or old_ms
after = math.min(math.max(before + duration - granted, 0), CELL_MS_MAX)
if is_newest then new_ms = after else old_ms = after end
ms = ms + after - before
local ran = string.sub(held, 25)
answers[answer_count + 1] = pack('<BddddddI6I6I2c0', SETTLED, duration, math.max(0, granted - duration),
  math.max(0, duration - granted), executions, ms, (is_alone and latest or old_latest) + length - clock,
  admitted, granted, #ran, ran)
-- log_row
if log_rows and ran ~= '' then
  row = pack('<BI6I4I4I7Bc0c0', label, admitted, granted, duration, needed, #ARGV[id], ARGV[id], ran)
end
set[3], set[4], set[5], set[6], n = ARGV[id], '', '', own .. ARGV[id] .. ' ', 6
