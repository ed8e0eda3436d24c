from django.apps import AppConfig


class SistaConfig(AppConfig):
    name = "sista"

    def ready(self) -> None:
        from sista import task_watch

        task_watch.start()
