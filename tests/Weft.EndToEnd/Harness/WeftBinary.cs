namespace Weft.EndToEnd.Harness;

/// <summary>The command-line tool under test.</summary>
internal static class WeftBinary
{
    /// <summary><c>WEFT_BIN</c> where it is set, else what <c>build/publish.sh</c> leaves.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("WEFT_BIN") is { Length: > 0 } chosen
        ? System.IO.Path.GetFullPath(chosen)
        : System.IO.Path.Combine(Repository.Root, "artifacts/publish/Weft.Cli/release_linux-x64/weft");

    /// <summary>Why no VM can run on this machine, or null when one can.</summary>
    public static string? WhyNoVm { get; } = FindWhyNoVm();

    private static string? FindWhyNoVm()
    {
        try
        {
            using var kvm = new FileStream("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "no VM can run here: " + e.Message;
        }
    }
}
