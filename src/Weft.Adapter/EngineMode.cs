namespace Weft.Adapter;

/// <summary>How the engine waits for work.</summary>
public enum EngineMode
{
    /// <summary>Polls while there is work and a while after, then sleeps; steps aside where spinners outnumber cores.</summary>
    Auto,

    /// <summary>Polls for ever.</summary>
    Poll,

    /// <summary>Sleeps as soon as there is nothing to do.</summary>
    Event,
}
