//! A shadow Workflow beside the live one.

use super::world::*;
use crate::model::*;
use crate::router::shadow::{Respect, ShadowComparison, compare, shadow_of, under_shadow};
use ids::WorkflowSid;

/// A world whose Workflow has a shadow with this configuration, and a Worker for each language.
fn shadowed(change: impl Fn(&mut Configuration)) -> World {
    let mut world = world()
        .worker("Asha", ENGLISH)
        .worker("Arjun", r#"{"languages":["hi"]}"#);
    let mut configuration = world.workflow().configuration.clone();
    change(&mut configuration);
    let sid = WorkflowSid::derive(&["shadow"]);
    let shadow = Workflow::new(sid, "shadow", configuration);
    world.workflow().shadow_sid = Some(sid);
    world.workspace.workflows.insert(sid, shadow);
    world
}

impl World {
    /// The comparison of a Task, with the Workers as they are given.
    fn comparison(&self, name: &str, free: &[Worker]) -> ShadowComparison {
        let task = self.task(name);
        let shadow = shadow_of(&self.workspace, task).unwrap();
        let other = under_shadow(&self.workspace, shadow, task, self.now);
        compare(
            &self.workspace,
            shadow,
            task,
            other.as_ref(),
            free,
            self.now,
        )
    }

    fn all_workers(&self) -> Vec<Worker> {
        self.workers.values().cloned().collect()
    }
}

/// The world's helpers create Tasks in its first Workflow, so the shadow must not sort before it.
fn call(world: &mut World) {
    let live = world
        .workspace
        .workflows
        .values()
        .find(|it| it.shadow_sid.is_some());
    let live = live.unwrap().clone();
    let attributes = r#"{"selected_language":"en"}"#.parse().unwrap();
    let new = crate::router::NewTask::new(task("c1"), attributes, TaskChannelName::VOICE);
    let created = crate::router::create_task(&world.workspace, &live, new, world.now).unwrap();
    world.tasks.insert(created.sid, created);
}

#[test]
fn same_shadow_decides_the_same() {
    let mut world = shadowed(|_| {});
    call(&mut world);
    let free = world.all_workers();
    world.advance("c1");
    let comparison = world.comparison("c1", &free);
    assert_eq!(comparison.differs(), []);
    assert_eq!(comparison.live.workers[0].friendly_name, "Asha");
}

#[test]
fn shadow_differs_in_each_respect() {
    let hindi_first = |configuration: &mut Configuration| {
        let first = Target {
            priority: Some(7),
            ..step("hi", 60)
        };
        configuration.filters[0].targets = vec![first, step("en", 60)];
    };
    let mut world = shadowed(hindi_first);
    call(&mut world);
    let free = world.all_workers();
    world.advance("c1");
    let comparison = world.comparison("c1", &free);
    let respects = [Respect::TaskQueue, Respect::Priority, Respect::Worker];
    assert_eq!(comparison.differs(), respects);
    assert_eq!(comparison.shadow.unwrap().workers[0].friendly_name, "Arjun");
}

#[test]
fn shadow_counts_the_age_of_the_task() {
    let two_steps = |configuration: &mut Configuration| {
        configuration.filters[0].targets = vec![step("hi", 10), step("en", 100)];
    };
    let mut world = shadowed(two_steps);
    call(&mut world);
    world.wait(11);
    let comparison = world.comparison("c1", &[]);
    assert_eq!(comparison.differs(), [Respect::Step]);
    world.wait(100);
    assert_eq!(world.comparison("c1", &[]).differs(), [Respect::Lost]);
}

#[test]
fn task_without_workflow_has_no_shadow() {
    let mut world = shadowed(|_| {});
    call(&mut world);
    let mut direct = world.task("c1").clone();
    assert!(shadow_of(&world.workspace, &direct).is_some());
    direct.position.step = Step::Direct;
    assert!(shadow_of(&world.workspace, &direct).is_none());
    world
        .workspace
        .workflows
        .values_mut()
        .for_each(|it| it.shadow_sid = None);
    let task = world.task("c1").clone();
    assert!(shadow_of(&world.workspace, &task).is_none());
}
