namespace Weft.Kvm;

/// <summary>Request numbers. Source: linux/include/uapi/linux/kvm.h, x86-64 structure sizes.</summary>
internal enum KvmIoctl : uint
{
    GetApiVersion = 0xAE00,
    CreateVm = 0xAE01,
    CheckExtension = 0xAE03,
    GetVcpuMmapSize = 0xAE04,
    GetSupportedCpuid = 0xC008AE05,
    CreateVcpu = 0xAE41,
    SetUserMemoryRegion = 0x4020AE46,
    SetTssAddress = 0xAE47,
    IoEventFd = 0x4040AE79,
    Run = 0xAE80,
    GetRegisters = 0x8090AE81,
    SetRegisters = 0x4090AE82,
    GetSpecialRegisters = 0x8138AE83,
    SetSpecialRegisters = 0x4138AE84,
    GetMsrs = 0xC008AE88,
    SetMsrs = 0x4008AE89,
    SetCpuid2 = 0x4008AE90,
    GetTscKhz = 0xAEA3,
    GetXsave = 0x9000AEA4,
    SetXsave = 0x5000AEA5,
    GetXcrs = 0x8188AEA6,
    SetXcrs = 0x4188AEA7,
    GetXsave2 = 0x9000AECF,
}
