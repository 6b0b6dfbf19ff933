namespace Weft.Adapter;

/// <summary>What an engine without work does next.</summary>
internal enum IdleStep
{
    /// <summary>Looks again at once.</summary>
    Spin,

    /// <summary>Leaves the core for some microseconds.</summary>
    StepAside,

    /// <summary>Sleeps until something rings.</summary>
    Sleep,
}
