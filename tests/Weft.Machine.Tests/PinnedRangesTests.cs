namespace Weft.Machine.Tests;

/// <summary>Pins and releases against a model with a count a page.</summary>
public sealed class PinnedRangesTests
{
    private const int Pages = 64;

    [Fact]
    public void Random_pins_and_releases_agree_with_a_count_a_page()
    {
        for (int seed = 1; seed <= 200; seed++)
            Check(seed);
    }

    private static void Check(int seed)
    {
        Random random = new(seed);
        PinnedRanges ranges = new();
        int[] pins = new int[Pages];
        bool[] released = new bool[Pages];
        List<(int Start, int End)> held = [];
        for (int step = 0; step < 300; step++)
        {
            (int start, int end) = RandomRange(random);
            List<(ulong Start, ulong End)> given = [];
            HashSet<int> expected = [];
            switch (random.Next(3))
            {
                case 0 when !released.AsSpan(start, end - start).Contains(true):
                    ranges.Pin((ulong)start, (ulong)end);
                    held.Add((start, end));
                    for (int page = start; page < end; page++)
                        pins[page]++;
                    break;
                case 1 when held.Count > 0:
                    int which = random.Next(held.Count);
                    (start, end) = held[which];
                    held.RemoveAt(which);
                    ranges.Unpin((ulong)start, (ulong)end, given);
                    for (int page = start; page < end; page++)
                        if (--pins[page] == 0 && released[page])
                        {
                            expected.Add(page);
                            released[page] = false;
                        }
                    break;
                case 2 when !released.AsSpan(start, end - start).Contains(true):
                    ranges.Release((ulong)start, (ulong)end, given);
                    for (int page = start; page < end; page++)
                        if (pins[page] == 0)
                            expected.Add(page);
                        else
                            released[page] = true;
                    break;
            }
            Assert.True(expected.SetEquals(given.SelectMany(part => Enumerable.Range((int)part.Start, (int)(part.End - part.Start)))), $"seed {seed}, step {step}");
            CheckFind(ranges, pins, RandomRange(random), $"seed {seed}, step {step}");
        }
        foreach ((int start, int end) in held)
            ranges.Unpin((ulong)start, (ulong)end, []);
        Assert.Equal(0, ranges.Count);
    }

    private static void CheckFind(PinnedRanges ranges, int[] pins, (int Start, int End) range, string when)
    {
        int first = Array.FindIndex(pins, range.Start, range.End - range.Start, count => count > 0);
        Assert.True(first >= 0 == ranges.TryFind((ulong)range.Start, (ulong)range.End, out ulong from, out ulong to), when);
        if (first < 0)
            return;
        int last = first;
        while (last < range.End && pins[last] > 0)
            last++;
        Assert.True((ulong)first == from && (ulong)last == to, when);
    }

    private static (int Start, int End) RandomRange(Random random)
    {
        int start = random.Next(Pages);
        return (start, random.Next(start, Pages) + 1);
    }
}
