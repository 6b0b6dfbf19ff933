using System.Globalization;
using Weft.Kvm;

namespace Weft.Vm.Doctor;

/// <summary>KVM: whether it is there, what kind it is, and what it can do.</summary>
internal static class KvmCheck
{
    internal static void Add(List<Finding> findings)
    {
        KvmSystem kvm;
        try
        {
            kvm = KvmSystem.Open();
        }
        catch (KvmException exception)
        {
            string[] parts = exception.Message.Split("; ", 2);
            findings.Add(new Finding("kvm", FindingState.Blocking, parts[0], "no program can run", parts.Length > 1 ? parts[1] : ""));
            return;
        }
        using (kvm)
        {
            findings.Add(new Finding("kvm", FindingState.Good, "/dev/kvm, API 12"));
            AddCapabilities(findings, kvm);
        }
        AddProbe(findings);
    }

    private static void AddCapabilities(List<Finding> findings, KvmSystem kvm)
    {
        const string newer = "use Linux 5.10 or newer on the host";
        Require(findings, kvm, KvmCapability.UserMemory, "kvm.user-memory", newer);
        Require(findings, kvm, KvmCapability.SyncRegisters, "kvm.sync-regs", newer);
        Want(findings, kvm, KvmCapability.XSave, "kvm.xsave", "vector registers beyond SSE are not kept in signal frames", newer);
        Want(findings, kvm, KvmCapability.Xcrs, "kvm.xcrs", "programs see SSE only, no AVX", newer);
        Want(findings, kvm, KvmCapability.IoEventFd, "kvm.ioeventfd", "a sleeping engine can be woken by an exit only", newer);
        Want(findings, kvm, KvmCapability.ImmediateExit, "kvm.immediate-exit", "signals interrupt a vCPU a little later", newer);
        int vcpus = kvm.Check(KvmCapability.MaximumVcpus), slots = kvm.Check(KvmCapability.NumberOfMemorySlots);
        findings.Add(new Finding("kvm.limits", FindingState.Information,
            string.Create(CultureInfo.InvariantCulture, $"{vcpus} vCPUs and {slots} memory slots a VM"),
            "as many threads a program, and 64 MiB of touched memory a slot"));
    }

    private static void Require(List<Finding> findings, KvmSystem kvm, KvmCapability capability, string id, string remedy) =>
        findings.Add(kvm.Check(capability) != 0 ? new Finding(id, FindingState.Good, "yes")
            : new Finding(id, FindingState.Blocking, "missing", "no program can run", remedy));

    private static void Want(List<Finding> findings, KvmSystem kvm, KvmCapability capability, string id, string without, string remedy) =>
        findings.Add(kvm.Check(capability) != 0 ? new Finding(id, FindingState.Good, "yes")
            : new Finding(id, FindingState.Limited, "missing", without, remedy));

    private static void AddProbe(List<Finding> findings)
    {
        ExitProbe probe;
        try
        {
            probe = ExitProbe.Run();
        }
        catch (Exception exception) when (exception is KvmException or InvalidOperationException)
        {
            string[] parts = exception.Message.Split("; ", 2);
            findings.Add(new Finding("kvm.probe", FindingState.Blocking, parts[0], "no program can run",
                parts.Length > 1 ? parts[1] : "please report this with the output of 'weft doctor --json'"));
            return;
        }
        const long slowExitNs = 10_000;
        string cost = string.Create(CultureInfo.InvariantCulture, $"a VM starts in {probe.CreateNs / 1e6:0.00} ms, an exit costs {probe.ExitNs / 1e3:0.0} us");
        findings.Add(probe.ExitNs < slowExitNs ? new Finding("kvm.probe", FindingState.Good, cost)
            : new Finding("kvm.probe", FindingState.Limited, cost, "system calls that need an exit are slow; the stub and the attendant avoid most",
                "use a machine with hardware virtualization, not nested"));
        findings.Add(Kind(probe));
    }

    /// <summary>What makes the machine's KVM: the loaded module, confirmed by the privilege level at which the stub ran.</summary>
    private static Finding Kind(ExitProbe probe)
    {
        string? module = Array.Find(["kvm_intel", "kvm_amd", "kvm_pvm"], name => Directory.Exists("/sys/module/" + name));
        bool nested = HasProcessorFlag("hypervisor");
        string kind = module switch
        {
            "kvm_intel" => Flag("/sys/module/kvm_intel/parameters/ept") ? "Intel VMX with EPT" : "Intel VMX, shadow paging",
            "kvm_amd" => Flag("/sys/module/kvm_amd/parameters/npt") ? "AMD SVM with NPT" : "AMD SVM, shadow paging",
            "kvm_pvm" => "PVM: software virtualization, shadow paging",
            _ => probe.StubAtRing0 ? "hardware (module built in)" : "software virtualization (module built in)",
        };
        kind += nested ? ", on a machine that is virtual itself" : "";
        kind += probe.StubAtRing0 ? "; stub at ring 0" : "; stub at ring 3";
        return module == "kvm_pvm" || !probe.StubAtRing0
            ? new Finding("kvm.kind", FindingState.Limited, kind, "programs compute at native speed; exits and first touches of memory cost more", "use a host with VMX or SVM for cheap exits")
            : new Finding("kvm.kind", FindingState.Good, kind);
    }

    private static bool Flag(string path) => HostFile.Read(path) is "Y" or "1";

    private static bool HasProcessorFlag(string flag)
    {
        string? flags = HostFile.Read("/proc/cpuinfo")?.Split('\n').FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        return flags is not null && flags.Split(' ').Contains(flag);
    }
}
