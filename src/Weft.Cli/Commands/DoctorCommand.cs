using System.Text;
using System.Text.Json;
using Weft.Vm.Doctor;

namespace Weft.Cli.Commands;

/// <summary>`weft doctor`.</summary>
public static class DoctorCommand
{
    private const int CannotRun = 1;

    /// <summary>Prints what this machine offers. Returns 0 when `weft run` can work.</summary>
    public static int Run(bool json)
    {
        DoctorReport report = DoctorReport.Examine();
        Console.Out.Write(json ? JsonSerializer.Serialize(report, DoctorJson.Default.DoctorReport) + "\n" : Format(report));
        return report.CanRun ? ExitStatus.Success : CannotRun;
    }

    /// <summary>The report as aligned text.</summary>
    public static string Format(DoctorReport report)
    {
        const string indent = "         ";
        int width = report.Findings.Max(finding => finding.Id.Length);
        StringBuilder text = new();
        foreach (Finding finding in report.Findings)
        {
            text.Append($"{Mark(finding.State),-8} {finding.Id.PadRight(width)}  {finding.Value}\n");
            if (finding.Consequence.Length > 0)
                text.Append(indent).Append(' ', width + 2).Append("→ ").Append(finding.Consequence).Append('\n');
            if (finding.Remedy.Length > 0)
                text.Append(indent).Append(' ', width + 2).Append("  remedy: ").Append(finding.Remedy).Append('\n');
        }
        return text.Append(report.CanRun ? "\n'weft run' can work on this machine.\n" : "\n'weft run' can't work on this machine: see what is marked FAIL.\n").ToString();
    }

    private static string Mark(FindingState state) => state switch
    {
        FindingState.Good => "ok",
        FindingState.Limited => "limited",
        FindingState.Blocking => "FAIL",
        _ => "info",
    };
}
