using System.Globalization;
using System.Text;
using Weft.Linux.Loading;

namespace Weft.Linux.Tests.Loading;

public sealed class RealProgramTests
{
    private const string ShowMaps = """
        #include <stdio.h>
        #include <stdlib.h>
        static char big[100000];
        static int data = 1;
        int main(void) {
            char line[512];
            big[5] = (char)data;
            if (!malloc(10)) return 1;
            FILE *f = fopen("/proc/self/maps", "r");
            while (f && fgets(line, sizeof line, f)) fputs(line, stdout);
            return 0;
        }
        """;

    [RequiresToolsFact("readelf")]
    public void Programs_of_the_machine_read_as_readelf_reads_them()
    {
        AssertSame("/bin/true");
        AssertSame("/bin/sh");
        AssertSame(Environment.ProcessPath!);
        AssertSame(InterpreterOf("/bin/true"));
        string apphost = Path.Combine(AppContext.BaseDirectory, "Weft.Linux.Tests");
        if (File.Exists(apphost))
            AssertSame(apphost);
    }

    [RequiresToolsFact("readelf", "gcc")]
    public void Programs_of_each_kind_of_link_read_as_readelf_reads_them()
    {
        using var scratch = new Scratch();
        AssertSame(scratch.Compile("static", ShowMaps, "-static", "-no-pie"));
        AssertSame(scratch.Compile("staticpie", ShowMaps, "-static-pie"));
        AssertSame(scratch.Compile("execstack", ShowMaps, "-z", "execstack"));
        AssertSame(scratch.Compile("nosplit", ShowMaps, "-z", "noseparate-code"));
        AssertSame(scratch.Compile("huge", ShowMaps, "-z", "max-page-size=0x200000"));
    }

    [RequiresToolsFact("gcc", "setarch")]
    public void A_plan_covers_the_pages_that_Linux_maps_and_starts_the_break_where_Linux_does()
    {
        using var scratch = new Scratch();
        AssertMappedAlike(scratch.Compile("static", ShowMaps, "-static", "-no-pie"));
        AssertMappedAlike(scratch.Compile("dynamic", ShowMaps));
        AssertMappedAlike(scratch.Compile("fixed", ShowMaps, "-no-pie"));
        AssertMappedAlike(scratch.Compile("nosplit", ShowMaps, "-z", "noseparate-code"));
        AssertMappedAlike(scratch.Compile("huge", ShowMaps, "-z", "max-page-size=0x200000"));
    }

    private static void AssertSame(string path)
    {
        ReadElf expected = ReadElf.Of(path);
        ElfImage image = Parse(path);

        Assert.Equal(expected.IsDynamic, image.IsPositionIndependent);
        Assert.Equal(expected.Entry, image.Entry);
        Assert.Equal(expected.Count, image.ProgramHeaderCount);
        Assert.Equal(expected.Count, expected.Headers.Count);
        ReadElf.Header[] loads = [.. expected.Headers.Where(h => h.Type == "LOAD")];
        Assert.Equal(
            loads.Select(h => new ElfSegment(h.Address, h.MemorySize, h.Offset, h.FileSize, h.Protection, h.Alignment)),
            image.Segments.ToArray());
        Assert.Equal(expected.Find("GNU_STACK")?.Flags[2] == 'E', image.HasExecutableStack);
        ReadElf.Header? interpreter = expected.Find("INTERP");
        Assert.Equal(interpreter is null ? null : new FileRange((long)interpreter.Offset, (int)interpreter.FileSize), image.Interpreter);
        if (expected.Find("PHDR") is { } table)
            Assert.Equal(table.Address, image.ProgramHeaderAddress);
        Assert.Equal(loads.Max(h => h.Alignment), image.Alignment);
        Assert.Equal(loads.Max(h => h.Address + h.MemorySize), image.BreakAddress);
        Assert.Equal(loads.Min(h => h.Address) & ~4095UL, image.SpanLow);
        Assert.Equal((image.BreakAddress + 4095) & ~4095UL, image.SpanHigh);
    }

    private static void AssertMappedAlike(string path)
    {
        ElfImage image = Parse(path);
        Assert.True(LoadPlan.TryCreate(
            image, LoadPlacement.ProgramBias(image, 0), 4096, ElfRole.Program, out LoadPlan? plan, out ElfFailure failure), failure.Message);
        var planned = new SortedSet<ulong>();
        foreach (LoadAction action in plan.Actions)
        {
            for (ulong page = action.Address & ~4095UL; page < action.Address + action.Length; page += 4096)
                planned.Add(page);
        }

        var mapped = new SortedSet<ulong>();
        ulong heap = 0;
        foreach (string line in Tools.Text(Tools.Find("setarch")!, "-R", path).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            ulong[] ends = [.. line.Split(' ')[0].Split('-').Select(t => ulong.Parse(t, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            if (line.EndsWith("[heap]", StringComparison.Ordinal))
                heap = ends[0];
            else if (ends[0] >= plan.SpanStart && ends[0] < plan.SpanEnd)
                mapped.UnionWith(Enumerable.Range(0, (int)((ends[1] - ends[0]) / 4096)).Select(i => ends[0] + ((ulong)i * 4096)));
        }

        Assert.Equal(mapped, planned);
        Assert.Equal(heap, plan.BreakStart);
    }

    private static ElfImage Parse(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        Assert.True(
            ElfImage.TryParse(bytes.AsSpan(0, Math.Min(bytes.Length, 0x1_0000)), bytes.Length, ElfRole.Program, out ElfImage? image, out ElfFailure failure),
            failure.Message);
        return image;
    }

    private static string InterpreterOf(string path)
    {
        FileRange range = Parse(path).Interpreter!.Value;
        Assert.True(ElfImage.TryInterpreterPath(File.ReadAllBytes(path).AsSpan((int)range.Offset, range.Length), out byte[]? name, out _));
        return Encoding.UTF8.GetString(name);
    }
}
