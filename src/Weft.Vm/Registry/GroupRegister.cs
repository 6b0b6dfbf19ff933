using Weft.Linux.Groups;

namespace Weft.Vm.Registry;

/// <summary>A group's members, as the register of running VMs has them.</summary>
internal sealed class GroupRegister(string runtimeDirectory, string group, VmRegistration own) : IGroupRegister
{
    /// <inheritdoc/>
    public string Directory { get; } = DirectoryIn(runtimeDirectory, group);

    /// <summary>Where a group's sockets are.</summary>
    internal static string DirectoryIn(string runtimeDirectory, string group) => $"{runtimeDirectory}/groups/{group}";

    /// <inheritdoc/>
    public bool IsMember(int processId) => VmRegister.Find(VmRegister.DirectoryIn(runtimeDirectory), processId) is { } record && record.Group == group;

    /// <inheritdoc/>
    public void Sweep() => VmRegister.Sweep(runtimeDirectory);

    /// <inheritdoc/>
    public void Grant(int processId) => own.AddGrant(processId);

    /// <inheritdoc/>
    public void Revoke(int processId) => own.RemoveGrant(processId);
}
