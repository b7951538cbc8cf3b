namespace FilterProxy.Filters.Waf.Detection;

/// <summary>The brackets now open, the innermost twelve: what is called, and whether an operator stood before the call.</summary>
internal struct SqlCalls
{
    private const int Bits = 5;
    private const ulong RoleMask = 0x7;
    private const ulong OperatorBit = 0x8;
    private const ulong CallBit = 0x10;

    private ulong _stack;

    /// <summary>The kind of the innermost call; <see cref="SqlRole.None"/> for a bracket, and for a function nobody knows.</summary>
    public readonly SqlRole Innermost => (SqlRole)(_stack & RoleMask);

    public void Bracket() => _stack <<= Bits;

    public void Call(SqlRole role, bool afterOperator) =>
        _stack = (_stack << Bits) | (role <= SqlRole.Evil ? (ulong)role : 0) | (afterOperator ? OperatorBit : 0) | CallBit;

    public (SqlRole Role, bool IsCall, bool IsAfterOperator) Leave()
    {
        var left = ((SqlRole)(_stack & RoleMask), (_stack & CallBit) != 0, (_stack & OperatorBit) != 0);
        _stack >>= Bits;
        return left;
    }
}
