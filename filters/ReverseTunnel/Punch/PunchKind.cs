namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>What a <see cref="PunchDatagram"/> says; the value is its first byte, with which neither a connection's datagrams begin nor those of STUN.</summary>
internal enum PunchKind : byte
{
    /// <summary>Is this a way to you? The number is drawn for it.</summary>
    Ask = 0x20,

    /// <summary>It is; the number is that of the question.</summary>
    Answer = 0x21,

    /// <summary>The visitor takes this way; the number is one of its own again.</summary>
    Choose = 0x22,

    /// <summary>So does the agent; the number is that of the choice.</summary>
    Confirm = 0x23,
}
