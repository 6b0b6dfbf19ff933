namespace Weft.Machine.Tests;

public class RangeAllocatorTests
{
    [Fact]
    public void Random_use_agrees_with_a_plain_reference()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        const int size = 512;
        bool[] taken = new bool[size];
        RangeAllocator allocator = new(0, size);
        List<(int Start, int Length)> held = [];
        for (int step = 0; step < 20_000; step++)
        {
            if (held.Count > 0 && random.Next(2) == 0)
            {
                int index = random.Next(held.Count);
                (int start, int length) = held[index];
                held.RemoveAt(index);
                allocator.Free((ulong)start, (ulong)length);
                taken.AsSpan(start, length).Clear();
                continue;
            }
            int wanted = random.Next(1, 40), alignment = 1 << random.Next(5), phase = random.Next(alignment);
            bool got = allocator.TryAllocate((ulong)wanted, (ulong)alignment, out ulong place, (ulong)phase);
            int expected = LowestFit(taken, wanted, alignment, phase);
            Assert.True(got == (expected >= 0) && (!got || (int)place == expected), $"step {step}, seed {seed}: got {got} at {place}, expected {expected}");
            if (!got)
                continue;
            taken.AsSpan((int)place, wanted).Fill(true);
            held.Add(((int)place, wanted));
        }
        foreach ((int start, int length) in held)
            allocator.Free((ulong)start, (ulong)length);
        Assert.Equal(1, allocator.FreeRanges);
    }

    [Fact]
    public void A_range_grows_in_place_only_into_free_numbers()
    {
        RangeAllocator allocator = new(0, 100);
        Assert.True(allocator.TryAllocate(10, 1, out _));
        Assert.True(allocator.TryAllocateAt(10, 5));
        Assert.False(allocator.TryAllocateAt(14, 5));
        Assert.False(allocator.TryAllocateAt(95, 6));
        Assert.False(allocator.TryAllocateAt(ulong.MaxValue - 1, 5));
    }

    private static int LowestFit(bool[] taken, int length, int alignment, int phase)
    {
        for (int start = phase; start + length <= taken.Length; start += alignment)
            if (!taken.AsSpan(start, length).Contains(true))
                return start;
        return -1;
    }
}
