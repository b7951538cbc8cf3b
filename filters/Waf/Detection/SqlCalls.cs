namespace FilterProxy.Filters.Waf.Detection;

/// <summary>The brackets now open, the innermost sixteen: what is called, and whether an operator stood before the call.</summary>
internal struct SqlCalls
{
    private const int Bits = 4;
    private const ulong RoleMask = 0x7;
    private const ulong OperatorBit = 0x8;

    private ulong _stack;

    /// <summary>The kind of the innermost call; <see cref="SqlRole.None"/> for a bracket, and for a function nobody knows.</summary>
    public readonly SqlRole Innermost => (SqlRole)(_stack & RoleMask);

    public void Enter(SqlRole role, bool afterOperator) =>
        _stack = (_stack << Bits) | (role <= SqlRole.Evil ? (ulong)role : 0) | (afterOperator ? OperatorBit : 0);

    public (SqlRole Role, bool AfterOperator) Leave()
    {
        var left = ((SqlRole)(_stack & RoleMask), (_stack & OperatorBit) != 0);
        _stack >>= Bits;
        return left;
    }
}
