using System.Globalization;
using System.Text;
using Weft.Linux;

namespace Weft.Vm.Registry;

/// <summary>The job that an MPI launcher started this process for, as its environment and ancestors tell it.</summary>
internal static class LauncherJob
{
    private const string HydraProxy = "hydra_pmi_proxy";
    private const int MostAncestors = 8;

    /// <summary>The job's group; null when no launcher is known.</summary>
    /// <param name="variable">A variable's value, or null.</param>
    internal static GroupChoice? Find(Func<string, string?> variable)
    {
        if (variable("PMIX_NAMESPACE") is { Length: > 0 } job)
            return new GroupChoice(GroupName.OfJob("openmpi", $"{job}\n{variable("OMPI_MCA_orte_hnp_uri")}"), "Open MPI");
        if (variable("PMI_RANK") is not { Length: > 0 })
            return null;
        if (variable("HYDI_CONTROL_FD") is not null || variable("PMI_FD") is not null)
            return FindHydra() is { } identity ? new GroupChoice(GroupName.OfJob("mpich", identity), "MPICH (Hydra)") : null;
        return variable("SLURM_JOB_ID") is { Length: > 0 } slurm
            ? new GroupChoice(GroupName.OfJob("slurm", $"{slurm}\n{variable("SLURM_STEP_ID")}"), "Slurm") : null;
    }

    /// <summary>
    /// Hydra tells a job's name only over its protocol, which is the program's. Its proxy, an ancestor, has the port of
    /// the job's mpiexec on its command line: the same for all proxies of a job, and of no other running one.
    /// </summary>
    private static string? FindHydra()
    {
        int process = Environment.ProcessId;
        for (int generation = 0; generation < MostAncestors; generation++)
        {
            if (Parent(process) is not (> 1 and var parent))
                return null;
            process = parent;
            if (ReadText($"/proc/{process}/comm").TrimEnd('\n') != HydraProxy)
                continue;
            string[] words = ReadText($"/proc/{process}/cmdline").Split('\0');
            int port = Array.IndexOf(words, "--control-port");
            return port >= 0 && port + 1 < words.Length ? words[port + 1] : process.ToString(CultureInfo.InvariantCulture);
        }
        return null;
    }

    private static int Parent(int process)
    {
        string stat = ReadText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 1 && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int parent) ? parent : 0;
    }

    private static string ReadText(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
