namespace Weft.Cli.Commands;

/// <summary>`weft doctor`.</summary>
public static class DoctorCommand
{
    /// <summary>Prints what this machine offers. Returns 0 when `weft run` can work.</summary>
    public static int Run(bool json) => json ? 1 : 1;
}
