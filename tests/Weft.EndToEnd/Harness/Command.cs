namespace Weft.EndToEnd.Harness;

/// <summary>What a user would type, and what the program is fed. Text is Latin-1, so that every byte survives.</summary>
/// <param name="Program">A path, or a name to be found on the PATH of <see cref="Environment"/>.</param>
/// <param name="Arguments">The program's arguments, without its name.</param>
internal sealed record Command(string Program, params string[] Arguments)
{
    /// <summary>Bytes of standard input; the end of file follows them.</summary>
    public string Input { get; init; } = "";

    /// <summary>Variables added to the small, fixed environment of every run.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The working directory; the repository's root when null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>After this the whole process tree is killed and the run counts as hung.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Options of <c>weft run</c>, without effect on the native run.</summary>
    public IReadOnlyList<string> WeftOptions { get; init; } = [];

    /// <summary>The command as one would type it, to repeat a failure by hand.</summary>
    public string Typed => string.Join(' ', Arguments.Prepend(Program).Select(Shell.Quote));

    /// <summary>The same command inside a VM, whose system calls go <paramref name="way"/>.</summary>
    public Command InVm(string way) => this with
    {
        Program = WeftBinary.Path,
        Arguments = ["run", "--syscalls", way, .. WeftOptions, "--", Program, .. Arguments],
        WeftOptions = [],
    };
}
