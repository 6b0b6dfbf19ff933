using System.Globalization;

namespace Weft.Fuzz.Tests;

/// <summary>How long and from which seed. <c>WEFT_FUZZ_SECONDS</c> (20) is shared by all fuzz tests; <c>WEFT_FUZZ_SEED</c> repeats a failure.</summary>
internal static class FuzzSettings
{
    /// <summary>Programs that the isolation needs.</summary>
    public static readonly string[] Needs = [Requirements.Root, "unshare", "setpriv", "timeout", "gcc"];

    /// <summary>The seed of this run: printed by every test that fails, so that it can be repeated.</summary>
    public static ulong Seed { get; } = Read("WEFT_FUZZ_SEED") ?? (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>A share of the time, in milliseconds.</summary>
    public static int Milliseconds(double share) => (int)((Read("WEFT_FUZZ_SECONDS") ?? 20) * 1000 * share);

    private static ulong? Read(string name) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
