using System.Buffers.Binary;
using System.Diagnostics;
using Weft.Linux.Loading;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Loading;

public sealed class ElfFuzzTests(ITestOutputHelper output)
{
    private static readonly ulong[] Interesting =
    [
        0, 1, 0x3f, 0x1000, 0xfff, 0x1001, 0x10000, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_e000, 0x7fff_ffff_f000, 0x7fff_ffff_ffff,
        0x8000_0000_0000, long.MaxValue, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_f000, ulong.MaxValue,
    ];

    [Fact]
    public void Mutated_programs_never_throw_and_never_yield_a_plan_out_of_bounds()
        => Fuzz(TimeSpan.FromSeconds(1.2), (random, seeds) => Mutate(random, seeds[random.Next(seeds.Length)]));

    [Fact]
    public void Random_headers_never_throw_and_never_yield_a_plan_out_of_bounds()
        => Fuzz(TimeSpan.FromSeconds(0.6), (random, _) =>
        {
            var elf = new TestElf { Type = (ushort)random.Next(2, 4), Entry = Any(random), Count = (ushort)random.Next(1, 40) };
            elf.Headers.Clear();
            for (int i = random.Next(1, 5); i > 0; i--)
            {
                uint type = random.Next(8) == 0 ? TestElf.Interp : TestElf.Load;
                elf.Headers.Add(new(type, (uint)random.Next(), Any(random), Any(random), Any(random), Any(random), Any(random)));
            }

            return elf.ToBytes();
        });

    private static ulong Any(Random random) => random.Next(8) switch
    {
        0 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        1 => Interesting[random.Next(Interesting.Length)] + (ulong)random.Next(-1, 2),
        2 => (ulong)random.Next(0x4000),
        _ => (ulong)random.Next(0x40) << 12,
    };

    private void Fuzz(TimeSpan time, Func<Random, byte[][], byte[]> make)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[][] seeds = [new TestElf().ToBytes(), new TestElf { Type = 3 }.ToBytes(), .. RealHeads()];
        var clock = Stopwatch.StartNew();
        int files = 0;
        int plans = 0;
        for (; clock.Elapsed < time; files++)
        {
            byte[] bytes = make(random, seeds);
            long length = random.Next(4) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : bytes.Length * random.NextInt64(1, 100);
            try
            {
                plans += CheckOne(bytes, length, random) ? 1 : 0;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, file {files}: {exception.Message}", exception);
            }
        }

        output.WriteLine($"{files} files, {plans} plans");
        Assert.NotEqual(0, plans);
    }

    private static bool CheckOne(byte[] bytes, long length, Random random)
    {
        var role = (ElfRole)random.Next(2);
        ScriptHeader.TryParse(bytes, out _, out _);
        ElfImage.TryInterpreterPath(bytes.AsSpan(0, Math.Min(bytes.Length, random.Next(5000))), out _, out _);
        if (!ElfImage.TryParse(bytes, length, role, out ElfImage? image, out ElfFailure failure))
        {
            Assert.NotEqual(ElfError.None, failure.Error);
            Assert.NotEmpty(failure.Message);
            Assert.InRange(failure.Errno(role), 1, 133);
            return false;
        }

        if (image.Interpreter is { } range)
            Assert.True(range.Offset >= 0 && range.Length is >= 2 and <= 4096 && range.Offset <= length - range.Length);
        ulong number = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        ulong bias = random.Next(3) switch
        {
            0 => number,
            1 => LoadPlacement.ProgramBias(image, number),
            _ => LoadPlacement.BiasAt(image, number & 0x7fff_ffff_f000),
        };
        _ = LoadPlacement.ReservationLength(image);
        if (!LoadPlan.TryCreate(image, bias, 4096, role, out LoadPlan? plan, out failure))
        {
            Assert.NotEqual(ElfError.None, failure.Error);
            return false;
        }

        CheckPlan(plan, length, number);
        return true;
    }

    private static void CheckPlan(LoadPlan plan, long length, ulong number)
    {
        Assert.True(plan.SpanStart >= LoadPlan.MinimumAddress && plan.SpanStart < plan.SpanEnd && plan.SpanEnd <= LoadPlan.UserAddressLimit);
        Assert.True((plan.SpanStart | plan.SpanEnd | plan.BreakStart) % 4096 == 0);
        Assert.True(plan.BreakStart <= LoadPlan.UserAddressLimit);
        ulong start = LoadPlacement.BreakStart(plan, number);
        Assert.True(start >= plan.BreakStart && start <= LoadPlan.UserAddressLimit && start % 4096 == 0);
        Assert.False(plan.Actions.IsEmpty);
        LoadAction before = default;
        foreach (LoadAction action in plan.Actions)
        {
            Assert.True(action.Length != 0 && action.Address >= plan.SpanStart && action.Address < plan.SpanEnd);
            Assert.True(action.Length <= plan.SpanEnd - action.Address);
            if (action.Kind == LoadActionKind.Zero)
            {
                Assert.True(before.Kind == LoadActionKind.MapFile && action.Length < 4096);
                Assert.True(before.Address + before.Length == action.Address + action.Length);
                Assert.True(action.Protection.HasFlag(SegmentProtection.Write));
            }
            else
            {
                Assert.True((action.Address | action.Length | action.FileOffset) % 4096 == 0);
            }

            if (action.Kind == LoadActionKind.MapFile)
                Assert.True(action.FileOffset < (ulong)length && action.Length - 4096 < (ulong)length - action.FileOffset);
            before = action;
        }
    }

    private static byte[] Mutate(Random random, byte[] from)
    {
        byte[] bytes = [.. from];
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            // Most of it in the headers; half of it whole fields with values near the limits.
            int reach = Math.Min(bytes.Length, random.Next(4) == 0 ? bytes.Length : 64 + (13 * 56));
            int at = random.Next(reach);
            at = random.Next(2) == 0 ? at & ~7 : at;
            if (random.Next(2) == 0 || at + 8 > bytes.Length)
                bytes[at] ^= (byte)(1 << random.Next(8));
            else
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), Interesting[random.Next(Interesting.Length)] + (ulong)random.Next(-1, 2));
        }

        return random.Next(8) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static IEnumerable<byte[]> RealHeads()
        => new[] { "/bin/true", "/lib64/ld-linux-x86-64.so.2", Environment.ProcessPath! }
            .Where(File.Exists).Select(path => File.ReadAllBytes(path).AsSpan()[..8192].ToArray());
}
