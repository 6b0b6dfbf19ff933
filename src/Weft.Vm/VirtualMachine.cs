using System.Text;
using Weft.Linux;
using Weft.Linux.Files;
using Weft.Linux.Loading;
using Weft.Machine;

namespace Weft.Vm;

/// <summary>One VM's life: makes machine and kernel, loads the program, runs it.</summary>
public sealed class VirtualMachine
{
    private readonly Kernel _kernel;
    private readonly Process _process;

    /// <summary>Creates the VM; nothing is loaded yet.</summary>
    /// <exception cref="Kvm.KvmException">The host has no usable KVM.</exception>
    public VirtualMachine(KernelOptions options)
    {
        _kernel = new Kernel(new GuestMachine(), options);
        _process = new Process(_kernel);
    }

    /// <summary>The VM's kernel.</summary>
    public Kernel Kernel => _kernel;

    /// <summary>Loads a program and runs it on the calling thread. Returns only when the program can't be started.</summary>
    /// <param name="arguments">argv; its first word is the program's name or path, looked up as execvp does.</param>
    /// <param name="environment">envp, "NAME=value".</param>
    /// <exception cref="LoadException">The program can't be started.</exception>
    public void Run(IReadOnlyList<byte[]> arguments, IReadOnlyList<byte[]> environment)
    {
        Vcpu vcpu = _kernel.Machine.CreateVcpu(_process.Memory.PageTables);
        GuestThread main = new(_process, vcpu);
        InheritedFiles.Adopt(_process.Files);
        long Open(string file) => _process.Paths.OpenHost(main, file, 0).Value;
        string path = new ProgramLookup(Open).Find(Encoding.UTF8.GetString(arguments[0]), environment);
        new ProgramLoader(_process, Open).Load(path, arguments, environment, main);
        _process.AddFirstThread(main);
        Linux.Signals.HostSignals.Start(_kernel, _process);
        main.Run();
        // The first thread is over; the last one ends the host process.
        Thread.Sleep(Timeout.Infinite);
    }
}
