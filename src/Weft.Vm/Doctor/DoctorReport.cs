namespace Weft.Vm.Doctor;

/// <summary>What this machine offers.</summary>
/// <param name="CanRun">`weft run` can work.</param>
/// <param name="Findings">In the order of print.</param>
public sealed record DoctorReport(bool CanRun, IReadOnlyList<Finding> Findings)
{
    /// <summary>Looks at this machine. Takes some milliseconds: a small VM is run.</summary>
    public static DoctorReport Examine()
    {
        List<Finding> findings = [];
        KvmCheck.Add(findings);
        KernelCheck.Add(findings);
        HostCheck.Add(findings);
        LimitCheck.Add(findings);
        return new DoctorReport(findings.TrueForAll(finding => finding.State != FindingState.Blocking), findings);
    }
}
