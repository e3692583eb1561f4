-- The plan of the account at hand.

local pack, unpack_struct, call = struct.pack, struct.unpack, redis.call

-- Names, lengths and cells of its windows; their shapes as one string; the longest time that a
-- charge stays; window index, meter and amount of each limit, flat. fields: '', the names of the
-- windows, then ids. plan: where it begins in args.
local plan, window_count, names, lengths, cell_counts, shapes, stay, limits, limit_end
local fields = { '' }

local function plan_read(at)
  names, lengths, cell_counts, shapes, stay, limits = {}, {}, {}, '', 0, {}
  local position = at + 19
  window_count, limit_end = string.byte(args, at + 1), 3 * string.byte(args, at + 2)
  for i = 1, window_count do
    local start, length, cells, name = position, nil, nil, nil
    length, cells, name, position = unpack_struct('<I4I2Bc0', args, position)
    names[i], lengths[i], cell_counts[i], fields[i + 1] = name, length, cells, name
    shapes = shapes .. string.sub(args, start, start + 5)
    stay = math.max(stay, length + math.ceil(length / cells))
  end
  for i = 1, limit_end, 3 do
    limits[i], limits[i + 1], limits[i + 2], position = unpack_struct('<BBd', args, position)
  end
  plan = at
end
