namespace FilterProxy.Host.Admin.Views;

/// <summary>What components show and do besides.</summary>
/// <param name="Views">The places of components that show something, for <c>/views/…</c>.</param>
/// <param name="Actions">What components do on request, for <c>/actions/…</c>.</param>
internal sealed record ViewsView(IReadOnlyList<string> Views, IReadOnlyList<ActionListing> Actions)
{
    public static ViewsView Of(ProxyControl control)
    {
        var components = control.Engine.Current?.Components ?? [];
        return new ViewsView(
            [.. components.Where(component => component.Instance is IAdminView).Select(component => component.Place)],
            [
                .. components.Where(component => component.Instance is IAdminAction).SelectMany(component =>
                    ((IAdminAction)component.Instance).Actions.Select(action => new ActionListing(action.Name, component.Place, action.Summary, action.Parameters))),
            ]);
    }
}

/// <summary>Something a component does on request.</summary>
internal sealed record ActionListing(string Action, string Component, string Summary, IReadOnlyList<string> Parameters);

/// <summary>What became of an action, for each component that was asked.</summary>
/// <param name="Results">Them.</param>
internal sealed record ActionView(IReadOnlyList<ActionResult> Results);

/// <summary>What one component says about an action it was asked for.</summary>
internal sealed record ActionResult(string Component, bool Done, string Message);
