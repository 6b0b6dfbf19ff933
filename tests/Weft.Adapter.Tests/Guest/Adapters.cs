using System.Globalization;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Adapters for tests.</summary>
internal static class Adapters
{
    /// <summary>How many polling threads they have: WEFT_TEST_ENGINE_THREADS, or one.</summary>
    internal static int Threads { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("WEFT_TEST_ENGINE_THREADS"), CultureInfo.InvariantCulture, out int threads) ? threads : 1;

    internal static VirtualAdapter Start(EngineMode mode = EngineMode.Auto) => new(new EngineOptions { Mode = mode, Threads = Threads });
}
