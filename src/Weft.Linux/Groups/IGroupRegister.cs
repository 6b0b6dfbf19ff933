namespace Weft.Linux.Groups;

/// <summary>Who is in the group, and where it is noted who may map whose memory.</summary>
public interface IGroupRegister
{
    /// <summary>The directory of the group's sockets, which only this user may enter.</summary>
    string Directory { get; }

    /// <summary>Whether a process is a running VM of this group.</summary>
    bool IsMember(int processId);

    /// <summary>A member may use this VM's memory from now on.</summary>
    void Grant(int processId);

    /// <summary>Removes what killed VMs left. Slow; members call it off the program's way.</summary>
    void Sweep();

    /// <summary>A member has ended, or its grant has.</summary>
    void Revoke(int processId);
}
