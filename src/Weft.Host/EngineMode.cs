namespace Weft.Host;

/// <summary>When the engine polls.</summary>
public enum EngineMode
{
    /// <summary>While that pays; otherwise it sleeps.</summary>
    Auto,

    /// <summary>Always.</summary>
    Poll,

    /// <summary>Only until there is nothing more to do.</summary>
    Event,
}
