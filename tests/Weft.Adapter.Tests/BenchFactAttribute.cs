namespace Weft.Adapter.Tests;

/// <summary>A measurement: runs only when WEFT_ADAPTER_BENCH is set, alone on the machine.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BenchFactAttribute : FactAttribute
{
    public BenchFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("WEFT_ADAPTER_BENCH") is null or "")
            Skip = "Set WEFT_ADAPTER_BENCH=1 to measure (dotnet test -c Release tests/Weft.Adapter.Tests --filter AdapterBench).";
    }
}
