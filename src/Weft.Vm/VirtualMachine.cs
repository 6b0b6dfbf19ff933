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
    /// <param name="path">The program's path.</param>
    /// <param name="arguments">argv, the program's name first.</param>
    /// <param name="environment">envp, "NAME=value".</param>
    /// <exception cref="LoadException">The program can't be started.</exception>
    public void Run(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        Vcpu vcpu = _kernel.Machine.CreateVcpu(_process.Memory.PageTables);
        GuestThread main = new(_process, vcpu);
        InheritedFiles.Adopt(_process.Files);
        new ProgramLoader(_process, file => _process.Paths.OpenHost(main, file, 0).Value).Load(path, Encode(arguments), Encode(environment), main);
        _process.AddFirstThread(main);
        main.Run();
        // The first thread is over; the last one ends the host process.
        Thread.Sleep(Timeout.Infinite);
    }

    private static List<byte[]> Encode(IReadOnlyList<string> texts)
    {
        List<byte[]> bytes = new(texts.Count);
        foreach (string text in texts)
            bytes.Add(Encoding.UTF8.GetBytes(text));
        return bytes;
    }
}
