namespace Weft.Cli;

/// <summary>Exit statuses of Weft's own, as env(1) and container tools have them.</summary>
public static class ExitStatus
{
    /// <summary>All is well.</summary>
    public const int Success = 0;

    /// <summary>Weft itself failed, or was called wrongly.</summary>
    public const int WeftFailed = 125;

    /// <summary>The program was found and can't be executed.</summary>
    public const int NotExecutable = 126;

    /// <summary>The program was not found.</summary>
    public const int NotFound = 127;
}
