namespace Weft.Adapter;

/// <summary>How the engine waits for work.</summary>
public enum EngineMode
{
    /// <summary>It polls while there is work and a little longer, leaves the core to others where there are more pollers than cores, and sleeps when idle.</summary>
    Auto,

    /// <summary>It polls for as long as there is a context.</summary>
    Poll,

    /// <summary>It sleeps whenever there is no work: each doorbell is then an exit.</summary>
    Event,
}
