namespace Weft.Linux.Proc;

/// <summary>What the parts of the VM's own view are made from.</summary>
internal sealed class ViewContext
{
    /// <summary>A context; the program must not run yet, because the memory baseline is taken.</summary>
    internal ViewContext(KernelOptions options)
    {
        Options = options;
        Processors = new Processors(Host, options.ProcessorCount);
        Memory = new MemoryUse(Host, options.MemoryLimitBytes);
        Mounts = new Mounts(Host, options);
        _paths = new(() => new VisiblePaths(Host, options));
    }

    private readonly Lazy<VisiblePaths> _paths;

    internal KernelOptions Options { get; }

    internal HostReader Host { get; } = new();

    internal Processors Processors { get; }

    internal MemoryUse Memory { get; }

    internal Mounts Mounts { get; }

    internal VisiblePaths Paths => _paths.Value;
}
